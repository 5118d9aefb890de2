// Package prefetch asks the processor for memory that will be needed soon. On the path of packets, reading is waiting for memory for the
// most part: whoever knows a few packets ahead what will be read need not wait.
package prefetch
