// Package ringfile keeps captured frames in files: pcapng, begun anew by size and by age, bounded in number and in total, and deleted when
// they are old. A mirror is other people's traffic: the directory is for its owner alone (0700), so are the files (0600), nothing is
// written that was not asked for by name, and nothing is kept beyond its time, a restart included.
//
// A file is written under its name with ".part" behind it and loses that when it is complete, so that whoever looks for *.pcapng finds
// whole files only. It is written in whole blocks; what a full disk or a killed process left of a block is cut off, and the file is
// then as good as any. Names are made here, of what cannot leave the directory, and only files with such names are ever deleted.
//
// A full disk, or a directory that cannot be used, stops the writing and nothing else. It is said in Status and tried again, ever more
// seldom. Frames that find no room in the buffer meanwhile are counted, in the status and in the file that goes on.
package ringfile
