package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/vspan-io/vspan/cmd/vspan/extcap"
)

func newExtcapInstallCommand() *cobra.Command {
	var folder string
	cmd := &cobra.Command{
		Use:   "install",
		Short: "Let Wireshark list the sessions as interfaces",
		Long: `install puts a little program where Wireshark looks for such, which calls this vspan. The address of the daemon is taken from --server
or $` + serverVariable + ` now, because a Wireshark that is started from a menu has no such variable. Where the program vspan-extcap lies beside vspan, that is called: it
answers in a fifth of the time, and leaves all that is no question to vspan.`,
		Example: `  vspan extcap install
  vspan extcap install --server http://127.0.0.1:18080 --dir ~/.config/wireshark/extcap`,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := connect(cmd); err != nil {
				return err
			}
			binary, err := answering()
			if err != nil {
				return err
			}
			if folder == "" {
				if folder, err = extcap.Folder(cmd.Context()); err != nil {
					return err
				}
			}
			var arguments []string
			if address := serverAddress(cmd); address != defaultServer {
				arguments = []string{"--server", address}
			}
			path, err := extcap.Install(folder, binary, arguments...)
			if err != nil {
				return fmt.Errorf("install %s: %w", path, err)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is in place; in Wireshark that runs: Capture, Refresh Interfaces\n", path)
			return err
		},
	}
	addExtcapFolderFlag(cmd, &folder)
	return cmd
}

func newExtcapUninstallCommand() *cobra.Command {
	var folder string
	cmd := &cobra.Command{
		Use:               "uninstall",
		Short:             "Take back what install did",
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if folder == "" {
				if folder, err = extcap.Folder(cmd.Context()); err != nil {
					return err
				}
			}
			path, err := extcap.Uninstall(folder)
			if errors.Is(err, fs.ErrNotExist) {
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is not there: there is nothing to take back\n", path)
				return err
			}
			if err != nil {
				return fmt.Errorf("uninstall %s: %w", path, err)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is gone\n", path)
			return err
		},
	}
	addExtcapFolderFlag(cmd, &folder)
	return cmd
}

func addExtcapFolderFlag(cmd *cobra.Command, folder *string) {
	cmd.Flags().StringVar(folder, "dir", "", "Wireshark's folder for such programs (default: the one it names itself)")
	if err := cmd.MarkFlagDirname("dir"); err != nil {
		panic(err) // there is no such flag
	}
}

// answering is the program that Wireshark is to call: vspan-extcap where it lies beside this one, for it answers sooner, else this one.
func answering() (string, error) {
	path, err := ownPath()
	if err != nil {
		return "", err
	}
	if small, err := exec.LookPath(filepath.Join(filepath.Dir(path), extcap.Program)); err == nil { // on Windows its name has an extension
		return small, nil
	}
	return path, nil
}

// ownPath is where this program is, by a name that stays.
func ownPath() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find this program: %w", err)
	}
	return filepath.EvalSymlinks(path)
}
