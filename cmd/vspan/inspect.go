package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/vspan-io/vspan/cmd/vspan/inspect"
)

func newInspectCommand() *cobra.Command {
	var output format
	var summary bool
	cmd := &cobra.Command{
		Use:     "inspect FILE",
		Short:   "Say what mirror packets a capture file holds",
		GroupID: groupOperate,
		Long: `inspect reads a pcap or pcapng file, plain or gzipped, and prints each GRE packet in it: who sent it to whom, how the
mirrored frame was wrapped (gre, erspan1, erspan2, erspan3), and the frame's own addresses. Outer fragments are put together
first. What is GRE and cannot be a mirror packet is printed with the reason.

FILE may be - for the standard input. With -o json each packet is one JSON object on a line of its own. The counts at the end
go to standard error; --summary prints nothing but them, to standard output.`,
		Example: `  vspan inspect capture.pcapng
  vspan inspect capture.pcap -o json | jq 'select(.erspan.id == 5) | .inner'
  vspan inspect --summary capture.pcap.gz
  tcpdump -i eth0 -U -w - proto 47 | vspan inspect -`,
		Args: oneArgument("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			err := inspect.Run(cmd.Context(), inspect.Options{
				Path: args[0], Stdin: cmd.InOrStdin(), JSON: output == formatJSON, Summary: summary,
				Out: cmd.OutOrStdout(), Notes: cmd.ErrOrStderr(),
			})
			if err != nil && cmd.Context().Err() != nil && args[0] != "-" {
				return fmt.Errorf("interrupted: not all of %q was read", args[0])
			}
			return err // interrupting a live capture is how it ends, and no error
		},
	}
	addOutputFlag(cmd, &output)
	cmd.Flags().BoolVar(&summary, "summary", false, "print only the counts")
	return cmd
}
