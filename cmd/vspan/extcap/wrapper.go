package extcap

import "strings"

// mark is the second line of a program of ours, behind what makes it a comment.
const mark = "Made by 'vspan extcap install': shows vspan's sessions to Wireshark as interfaces."

// wrapper is the kind of program that is put in place: a script, because Wireshark gives programs no arguments of the user's.
type wrapper struct {
	name string // of the file
	head string // its first two lines
	call func(words []string) string
}

// wrapperOn is that of a system, by the name that runtime.GOOS has for it. Of Windows' scripts Wireshark starts those that end in .bat.
func wrapperOn(system string) wrapper {
	if system == "windows" {
		return wrapper{Program + ".bat", "@echo off\r\nrem " + mark + "\r\n", callByBatch}
	}
	return wrapper{Program, "#!/bin/sh\n# " + mark + "\n", callByShell}
}

func callByShell(words []string) string {
	line := "exec"
	for _, w := range words {
		line += " '" + strings.ReplaceAll(w, "'", `'\''`) + "'"
	}
	return line + ` "$@"` + "\n"
}

// callByBatch quotes words for cmd.exe. A quotation mark is in no path there and in no address.
func callByBatch(words []string) string {
	line := ""
	for _, w := range words {
		line += `"` + strings.ReplaceAll(strings.ReplaceAll(w, `"`, ""), "%", "%%") + `" `
	}
	return line + "%*\r\n"
}
