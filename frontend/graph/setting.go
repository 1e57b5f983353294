package graph

import (
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/command"
)

// gives says whether an instruction gives a value to a name, or adds it to the
// image's configuration.
func (l instructionLines) gives(name string) bool {
	if l.keyword == command.Expose {
		return slices.ContainsFunc(l.names, func(ports string) bool { return exposes(ports, name) })
	}
	return slices.Contains(l.names, name)
}

// open says whether a name of the instruction depends on a variable, so that it
// may give anything.
func (l instructionLines) open() bool {
	return slices.ContainsFunc(l.names, func(n string) bool { return strings.Contains(n, "$") })
}

// exposes says whether what EXPOSE has is a port of the image's configuration or
// a range that holds it. Of "IP:HOST:PORT", which Docker takes too, only the port
// counts.
//
//	22, 22/tcp, 20-25/TCP, 127.0.0.1:2222:22   expose 22/tcp
func exposes(ports, name string) bool {
	ports, protocol := splitPort(ports)
	port, wanted := splitPort(name)
	if !strings.EqualFold(protocol, wanted) {
		return false
	}
	ports = ports[strings.LastIndex(ports, ":")+1:]
	from, to, isRange := strings.Cut(ports, "-")
	if !isRange {
		return ports == port
	}
	n, err := strconv.Atoi(port)
	first, err1 := strconv.Atoi(from)
	last, err2 := strconv.Atoi(to)
	return err == nil && err1 == nil && err2 == nil && first <= n && n <= last
}

func splitPort(s string) (port, protocol string) {
	port, protocol, ok := strings.Cut(s, "/")
	if !ok {
		protocol = "tcp"
	}
	return port, protocol
}
