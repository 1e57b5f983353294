package check

import (
	"path"
	"strings"
)

// What of a script is looked at: no honest instruction is longer or deeper.
const (
	maxScript = 256 << 10
	maxDepth  = 4
)

// command is one simple command of a shell script.
type command struct {
	// words with quotes removed, redirections included.
	words []string
	// scripts are those that the command substitutes: $(…), `…`, <(…).
	scripts []string
}

// pipeline is the commands that | connects.
type pipeline []command

// parse splits a script into its pipelines. It knows quotes, comments,
// substitutions and the operators between commands, and takes everything else
// (here documents, functions, case) as words: enough to see which programs are
// started and how they are connected, never an error.
func parse(script string) []pipeline {
	p := parser{text: script[:min(len(script), maxScript)]}
	p.run()
	return p.out
}

type parser struct {
	text string
	pos  int
	out  []pipeline
	pipe pipeline
	cmd  command
	word strings.Builder
	open bool // a word has begun, even if it is empty
}

func (p *parser) run() {
	for p.pos < len(p.text) {
		switch c := p.text[p.pos]; {
		case c == '\\':
			p.escape()
		case c == '\'':
			p.open = true
			p.pos++
			p.word.WriteString(p.until('\''))
		case c == '"':
			p.double()
		case c == '`', p.at("$("), p.at("<("), p.at(">("):
			p.substitution()
		case c == '#' && !p.open:
			p.comment()
		case c == ' ' || c == '\t' || c == '\r' || c == '(' || c == ')':
			p.endWord()
			p.pos++
		case p.operator():
		default:
			p.put(c)
		}
	}
	p.endPipeline()
}

func (p *parser) at(s string) bool { return strings.HasPrefix(p.text[p.pos:], s) }

func (p *parser) put(c byte) {
	p.open = true
	p.word.WriteByte(c)
	p.pos++
}

// escape takes the next character as it is; an escaped end of line is nothing.
func (p *parser) escape() {
	p.pos++
	if p.at("\r\n") {
		p.pos += 2
		return
	}
	if p.pos < len(p.text) {
		if p.text[p.pos] == '\n' {
			p.pos++
			return
		}
		p.put(p.text[p.pos])
	}
}

// until returns the text up to a character and moves behind it.
func (p *parser) until(end byte) string {
	rest := p.text[p.pos:]
	i := strings.IndexByte(rest, end)
	if i < 0 {
		p.pos = len(p.text)
		return rest
	}
	p.pos += i + 1
	return rest[:i]
}

func (p *parser) double() {
	p.open = true
	p.pos++
	for p.pos < len(p.text) {
		switch c := p.text[p.pos]; {
		case c == '"':
			p.pos++
			return
		case c == '\\':
			p.escape()
		case c == '`' || p.at("$("):
			p.substitution()
		default:
			p.put(c)
		}
	}
}

// substitution keeps the script that is substituted and stands for its output
// with a word that nothing is called.
func (p *parser) substitution() {
	p.open = true
	p.word.WriteByte('$')
	if p.text[p.pos] == '`' {
		p.pos++
		p.cmd.scripts = append(p.cmd.scripts, p.until('`'))
		return
	}
	p.pos += 2
	start, depth := p.pos, 1
	for ; p.pos < len(p.text) && depth > 0; p.pos++ {
		switch p.text[p.pos] {
		case '(':
			depth++
		case ')':
			depth--
		}
	}
	end := p.pos
	if depth == 0 {
		end--
	}
	p.cmd.scripts = append(p.cmd.scripts, p.text[start:end])
}

func (p *parser) comment() {
	if i := strings.IndexByte(p.text[p.pos:], '\n'); i >= 0 {
		p.pos += i
		return
	}
	p.pos = len(p.text)
}

// operator handles what ends a command, and says whether it did.
func (p *parser) operator() bool {
	c := p.text[p.pos]
	redirects := p.word.Len() > 0 && strings.HasSuffix(p.word.String(), ">") || p.at("&>")
	switch {
	case p.at("||"), p.at("&&"), p.at(";;"):
		p.endPipeline()
		p.pos += 2
	case p.at("|&"):
		p.endCommand()
		p.pos += 2
	case c == '|' && !redirects: // >| writes to a file
		p.endCommand()
		p.pos++
	case c == ';' || c == '\n' || c == '&' && !redirects:
		p.endPipeline()
		p.pos++
	default:
		return false
	}
	return true
}

func (p *parser) endWord() {
	if p.open {
		p.cmd.words = append(p.cmd.words, p.word.String())
	}
	p.word.Reset()
	p.open = false
}

func (p *parser) endCommand() {
	p.endWord()
	if len(p.cmd.words) > 0 {
		p.pipe = append(p.pipe, p.cmd)
	}
	p.cmd = command{}
}

func (p *parser) endPipeline() {
	p.endCommand()
	if len(p.pipe) > 0 {
		p.out = append(p.out, p.pipe)
	}
	p.pipe = nil
}

// Words that stand before a command, and programs that start the one named in
// their arguments.
var (
	reserved = set("! { } if then elif else fi while until do done for case in esac time function")
	starters = set("sudo doas env exec command nohup nice time eatmydata busybox xargs")
	// withValue are options of starters whose value is a word of its own.
	withValue = set("-u -g -n --user --group")
)

func set(s string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(s) {
		out[w] = true
	}
	return out
}

// program returns the name of the program that the command starts, without its
// folder, its arguments, and whether sudo starts it.
func (c command) program() (name string, args []string, sudo bool) {
	words := c.words
	for len(words) > 0 {
		w := words[0]
		base := path.Base(w)
		switch {
		case reserved[w], assignment(w):
			words = words[1:]
		case starters[base] && len(words) > 1:
			sudo = sudo || base == "sudo" || base == "doas"
			words = skipOptions(words[1:])
		case starters[base]:
			return base, nil, sudo || base == "sudo" || base == "doas"
		default:
			return base, words[1:], sudo
		}
	}
	return "", nil, sudo
}

func skipOptions(words []string) []string {
	for len(words) > 0 && strings.HasPrefix(words[0], "-") {
		if withValue[words[0]] && len(words) > 1 {
			words = words[1:]
		}
		words = words[1:]
	}
	return words
}

// assignment says whether a word is NAME=value.
func assignment(w string) bool {
	name, _, ok := strings.Cut(w, "=")
	return ok && name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	})
}

// walk calls visit for every pipeline of a script, also for those in
// substitutions and in what sh -c is given.
func walk(script string, visit func(pipeline)) { walkDeep(script, 0, visit) }

func walkDeep(script string, depth int, visit func(pipeline)) {
	if depth > maxDepth {
		return
	}
	for _, p := range parse(script) {
		visit(p)
		for _, c := range p {
			for _, s := range c.scripts {
				walkDeep(s, depth+1, visit)
			}
			if s, ok := c.given(); ok {
				walkDeep(s, depth+1, visit)
			}
		}
	}
}

// given returns the script that a shell or eval is given as an argument.
func (c command) given() (string, bool) {
	name, args, _ := c.program()
	if name == "eval" {
		return strings.Join(args, " "), len(args) > 0
	}
	if !shells[name] {
		return "", false
	}
	for i, a := range args {
		// -c may stand with others: bash -euxc, sh -ec.
		if strings.HasPrefix(a, "-") && !strings.HasPrefix(a, "--") && strings.HasSuffix(a, "c") && i+1 < len(args) {
			return args[i+1], true
		}
	}
	return "", false
}
