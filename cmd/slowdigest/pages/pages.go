// Package pages writes what shells and manuals know of a command: completions for bash,
// zsh and fish, and a man page. All is made from the declarations that also read the
// arguments, so that none of it can be wrong.
package pages

import (
	"fmt"
	"io"
	"strings"
)

// Command is one subcommand.
type Command struct {
	Name      string
	Args      string // what follows the flags, such as FILE...
	Summary   string // one sentence without its full stop, of which what is before a colon, semicolon or bracket does for a list
	Flags     []Flag
	Variables []Variable
}

// Flag is one of its flags.
type Flag struct {
	Name    string
	Arg     string // names the argument; empty for a switch
	Usage   string
	Env     string   // the variable of the same setting; may be empty
	Default string   // may be empty
	Choices []string // the values, if these are few words
}

// Variable is a variable of the environment that has no flag.
type Variable struct {
	Name  string // without the dollar sign
	Usage string
}

// Dashed is the flag as it is typed.
func (f Flag) Dashed() string {
	if len(f.Name) == 1 {
		return "-" + f.Name
	}
	return "--" + f.Name
}

// Describe is the usage of a flag with its variable and its default.
func (f Flag) Describe() string {
	s := f.Usage
	if f.Env != "" {
		s += "; $" + f.Env
	}
	if f.Default != "" {
		s += " (default " + f.Default + ")"
	}
	return s
}

// Brief is the beginning of the summary that does for a list of commands.
func (c Command) Brief() string {
	if i := strings.IndexAny(c.Summary, ":;("); i >= 0 {
		return strings.TrimSpace(c.Summary[:i])
	}
	return c.Summary
}

// Synopsis is how a command is called, without the program's name.
func (c Command) Synopsis() string {
	flags := ""
	if len(c.Flags) > 0 {
		flags = "[flags] "
	}
	return strings.TrimSpace(c.Name + " " + flags + c.Args)
}

// Shells are those that Completion knows.
var Shells = []string{"bash", "zsh", "fish"}

// Completion writes the completion of a program for one of Shells, and false for another.
func Completion(w io.Writer, shell, program string, all []Command) bool {
	switch shell {
	case "bash":
		bash(w, program, all)
	case "zsh":
		zsh(w, program, all)
	case "fish":
		fish(w, program, all)
	default:
		return false
	}
	return true
}

func names(all []Command) string {
	var names []string
	for _, c := range all {
		names = append(names, c.Name)
	}
	return strings.Join(names, " ")
}

// bash completes commands, flags, and else the names of files.
func bash(w io.Writer, program string, all []Command) {
	fmt.Fprintf(w, `# bash completion for %[1]s: put it in /usr/share/bash-completion/completions/%[1]s
_%[1]s() {
	local word=${COMP_WORDS[COMP_CWORD]} flag=${COMP_WORDS[COMP_CWORD-1]} flags=
	COMPREPLY=()
	# By its standard setting the shell takes the = of --flag=value for a word.
	[[ $word == = ]] && word=
	[[ $flag == = ]] && flag=${COMP_WORDS[COMP_CWORD-2]}
	if ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W '%[2]s' -- "$word")
		return
	fi
	case "${COMP_WORDS[1]} $flag" in
`, program, names(all))
	for _, c := range all {
		for _, f := range c.Flags {
			if len(f.Choices) > 0 {
				fmt.Fprintf(w, "	'%s %s') mapfile -t COMPREPLY < <(compgen -W '%s' -- \"$word\"); return ;;\n", c.Name, f.Dashed(), strings.Join(f.Choices, " "))
			}
		}
	}
	fmt.Fprint(w, "	esac\n	case ${COMP_WORDS[1]} in\n")
	for _, c := range all {
		if len(c.Flags) == 0 {
			continue
		}
		var flags []string
		for _, f := range c.Flags {
			flags = append(flags, f.Dashed())
		}
		fmt.Fprintf(w, "	%s) flags='%s' ;;\n", c.Name, strings.Join(flags, " "))
	}
	fmt.Fprintf(w, `	help) flags='%[2]s' ;;
	completion) flags='%[3]s' ;;
	esac
	if [[ $word == -* || ${COMP_WORDS[1]} == help || ${COMP_WORDS[1]} == completion ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$word")
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
	fi
}
complete -o filenames -F _%[1]s %[1]s
`, program, names(all), strings.Join(Shells, " "))
}

// quoted puts a text into single quotes, as shells want it.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func zsh(w io.Writer, program string, all []Command) {
	fmt.Fprintf(w, "#compdef %s\n# zsh completion for %[1]s: put it into a directory of $fpath as _%[1]s\n", program)
	fmt.Fprintf(w, "_%s() {\n\tlocal -a commands\n\tcommands=(\n", program)
	colon := strings.NewReplacer(":", `\:`)
	for _, c := range all {
		fmt.Fprintf(w, "\t\t%s\n", quoted(c.Name+":"+colon.Replace(c.Summary)))
	}
	fmt.Fprintf(w, "\t)\n\tif ((CURRENT == 2)); then\n\t\t_describe command commands\n\t\treturn\n\tfi\n\tlocal command=$words[2]\n\tshift words\n\t((CURRENT--))\n\tcase $command in\n")
	bracket := strings.NewReplacer("[", `\[`, "]", `\]`, ":", `\:`)
	for _, c := range all {
		if len(c.Flags) == 0 {
			continue
		}
		fmt.Fprintf(w, "\t%s)\n\t\t_arguments", c.Name)
		for _, f := range c.Flags {
			spec := "*" + f.Dashed() + "[" + bracket.Replace(f.Usage) + "]"
			if f.Arg != "" {
				spec += ":" + bracket.Replace(f.Arg) + ":"
				if len(f.Choices) > 0 {
					spec += "(" + strings.Join(f.Choices, " ") + ")"
				}
			}
			fmt.Fprintf(w, " \\\n\t\t\t%s", quoted(spec))
		}
		fmt.Fprintf(w, " \\\n\t\t\t'*:file:_files'\n\t\t;;\n")
	}
	fmt.Fprintf(w, "\thelp) _describe command commands ;;\n\tcompletion) _values shell %s ;;\n\t*) _files ;;\n\tesac\n}\n", strings.Join(Shells, " "))
	fmt.Fprintf(w, "if [[ $zsh_eval_context[-1] == loadautofunc ]]; then\n\t_%[1]s \"$@\"\nelse\n\tcompdef _%[1]s %[1]s\nfi\n", program)
}

func fish(w io.Writer, program string, all []Command) {
	fmt.Fprintf(w, "# fish completion for %[1]s: put it in ~/.config/fish/completions/%[1]s.fish\n", program)
	fish := strings.NewReplacer(`\`, `\\`, "'", `\'`)
	for _, c := range all {
		fmt.Fprintf(w, "complete -c %s -f -n __fish_use_subcommand -a %s -d '%s'\n", program, c.Name, fish.Replace(c.Summary))
		in := fmt.Sprintf("'__fish_seen_subcommand_from %s'", c.Name)
		for _, f := range c.Flags {
			form, takes := "-l", ""
			if len(f.Name) == 1 {
				form = "-s"
			}
			if f.Arg != "" {
				takes = " -r"
			}
			if len(f.Choices) > 0 {
				takes = fmt.Sprintf(" -x -a '%s'", strings.Join(f.Choices, " "))
			}
			fmt.Fprintf(w, "complete -c %s -n %s %s %s%s -d '%s'\n", program, in, form, f.Name, takes, fish.Replace(f.Usage))
		}
	}
	fmt.Fprintf(w, "complete -c %s -f -n '__fish_seen_subcommand_from help' -a '%s'\n", program, names(all))
	fmt.Fprintf(w, "complete -c %s -f -n '__fish_seen_subcommand_from completion' -a '%s'\n", program, strings.Join(Shells, " "))
}

// Man writes the page of section 1. About says what the program is, in a sentence.
func Man(w io.Writer, program, version, about string, all []Command) {
	fmt.Fprintf(w, ".TH %s 1 \"\" %s\n.SH NAME\n%s \\- %s\n.SH SYNOPSIS\n", strings.ToUpper(program), roffArg(program+" "+version), program, roff(about))
	for i, c := range all {
		if i > 0 {
			fmt.Fprintln(w, ".br")
		}
		fmt.Fprintf(w, "\\fB%s %s\\fR%s\n", program, roff(c.Name), roff(strings.TrimPrefix(c.Synopsis(), c.Name)))
	}
	fmt.Fprintln(w, ".SH COMMANDS")
	for _, c := range all {
		fmt.Fprintf(w, ".SS %s\n%s.\n", roffArg(c.Synopsis()), roff(strings.ToUpper(c.Summary[:1])+c.Summary[1:]))
		for _, f := range c.Flags {
			fmt.Fprintf(w, ".TP\n\\fB%s\\fR", roff(f.Dashed()))
			if f.Arg != "" {
				fmt.Fprintf(w, " \\fI%s\\fR", roff(f.Arg))
			}
			fmt.Fprintf(w, "\n%s\n", roff(f.Describe()))
		}
		for _, v := range c.Variables {
			fmt.Fprintf(w, ".TP\n\\fB$%s\\fR\n%s\n", v.Name, roff(v.Usage))
		}
	}
	fmt.Fprint(w, `.SH EXIT STATUS
0 after success, 1 after an error, 2 after a wrong call, 130 after an interrupt, of which what was read so far is shown.
`)
}

// roff escapes a text that stands in a line of its own, or in the middle of one.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "\n", " ").Replace(s)
	if strings.HasPrefix(s, ".") {
		s = `\&` + s
	}
	return s
}

// roffArg escapes a text that is one argument of a macro.
func roffArg(s string) string { return `"` + strings.ReplaceAll(roff(s), `"`, `\(dq`) + `"` }
