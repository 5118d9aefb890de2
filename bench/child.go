package main

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/vspan-io/vspan/bench/traffic"
)

// childArgument makes this program do a part of a bench in a process of its own.
const childArgument = "child"

// child does one part: the arguments are its name and its own.
func child(ctx context.Context, arguments []string, in io.Reader, out io.Writer) error {
	parts := map[string]func(context.Context, []string, io.Reader, io.Writer) error{
		"decode": childDecode,
		"listen": childListen,
		"flood":  childFlood,
	}
	if len(arguments) > 0 && parts[arguments[0]] != nil {
		return parts[arguments[0]](ctx, arguments[1:], in, out)
	}
	return fmt.Errorf("no such part: %q", arguments)
}

// childDecode decodes a set of packets some times round. Its arguments are the decoder, the size of the set, and how often.
func childDecode(ctx context.Context, arguments []string, _ io.Reader, _ io.Writer) error {
	numbers, err := numbersOf(arguments, 1, 2)
	if err != nil {
		return err
	}
	r, err := newReplay(traffic.Spec{Packets: numbers[0]})
	if err != nil {
		return err
	}
	decoders := map[string]func(context.Context, int) (clocked, error){"ours": r.ours, "parser": r.parser, "newPacket": r.newPacket}
	decode := decoders[arguments[0]]
	if decode == nil {
		return fmt.Errorf("no such decoder: %q", arguments[0])
	}
	_, err = decode(ctx, numbers[1])
	return err
}

// numbersOf reads the arguments from the one at first on, which are to be n numbers.
func numbersOf(arguments []string, first, n int) (numbers []int, err error) {
	if len(arguments) != first+n {
		return nil, fmt.Errorf("%d arguments: want %d", len(arguments), first+n)
	}
	for _, a := range arguments[first:] {
		number, err := strconv.Atoi(a)
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, number)
	}
	return numbers, nil
}
