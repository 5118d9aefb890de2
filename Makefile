# What is not a go command of one line.

export CGO_ENABLED = 0

# The benchmarks of README's performance part. The live rows need root: sudo -E env "PATH=$$PATH" make bench
# Options go in BENCH, e.g. make bench BENCH='-only live -quick'.
.PHONY: bench
bench:
	go build -trimpath -o dist/vspan ./cmd/vspan
	go build -trimpath -tags client -o dist/vspan-client ./cmd/vspan
	go build -trimpath -o dist/bench ./bench
	dist/bench -vspan dist/vspan -client dist/vspan-client $(BENCH)
