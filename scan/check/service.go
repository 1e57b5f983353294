package check

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

func serviceChecks() []Check {
	return []Check{
		{
			ID: "no-healthcheck", Severity: scan.SeverityLow, Title: "The image has no HEALTHCHECK",
			Description: "An engine that starts the image cannot tell a program that hangs from one that works. Kubernetes has probes of its own and ignores HEALTHCHECK.",
			Remedy:      "Add a HEALTHCHECK instruction, or switch this check off where an orchestrator probes.",
			References:  []string{"https://docs.docker.com/reference/dockerfile/#healthcheck"},
			Controls:    []string{"cis-docker/4.6"}, Keywords: []string{"healthcheck"}, Looks: "the HEALTHCHECK of the image's configuration",
			needs: needImage, find: noHealthcheck,
		},
		{
			ID: "privileged-port", Severity: scan.SeverityLow, Title: "The image exposes a port below 1024",
			Description: "On hosts that do not lift the limit a program needs root or the capability NET_BIND_SERVICE to listen there.",
			Remedy:      "Let the program listen on a port from 1024 up and publish it as any other.",
			References:  []string{"https://docs.docker.com/reference/dockerfile/#expose"},
			Keywords:    []string{"expose"}, Looks: "the ports that the image's configuration exposes",
			needs: needImage, find: privilegedPort,
		},
		{
			ID: "ssh-port", Severity: scan.SeverityMedium, Title: "The image exposes a port of SSH",
			Description: "A container needs no remote login of its own: docker exec and kubectl exec are authorised and logged by the engine. An SSH server is one more door with keys of its own.",
			Remedy:      "Remove the SSH server and its EXPOSE instruction.",
			References:  []string{"https://doi.org/10.6028/NIST.SP.800-190"},
			Controls:    []string{"nist-800-190/4.1.2", "pci-dss/2.2.4", "soc2/CC6.6", "fedramp/CM-7"}, Keywords: []string{"expose"}, Looks: "the ports that the image's configuration exposes",
			needs: needImage, find: sshPort,
		},
		{
			ID: "docker-socket", Severity: scan.SeverityHigh, Title: "The image is made to be given the engine's socket",
			Description: "Whoever may write to the socket of Docker, containerd, Podman or CRI-O is root on the host. A volume, a label with a command to run, or a socket in the image says that it is meant to be mounted.",
			Remedy:      "Do without the socket, or put a proxy in between that allows only the calls that are needed.",
			References:  []string{"https://docs.docker.com/engine/security/#docker-daemon-attack-surface"},
			Controls:    []string{"nist-800-190/4.1.2", "pci-dss/2.2.6", "soc2/CC6.1", "soc2/CC6.6", "fedramp/AC-6"},
			Keywords:    []string{"volume", "label"},
			Looks:       "the volumes and labels of the image's configuration, and sockets in its layers",
			needs:       needImage | needLayers, find: dockerSocket,
		},
	}
}

func noHealthcheck(s *subject) []found {
	if s.image() == nil || s.image().Healthcheck {
		return nil
	}
	return []found{{message: "neither the Dockerfile nor the base image has a HEALTHCHECK", layer: -1}}
}

// sshPorts are the usual one and the one that those choose who cannot have it.
var sshPorts = []int{22, 2222}

func privilegedPort(s *subject) []found {
	return s.ports("port below 1024", func(first, last int) bool {
		return first > 0 && first < 1024 && (first != last || !slices.Contains(sshPorts, first))
	})
}

func sshPort(s *subject) []found {
	return s.ports("port of SSH", func(first, last int) bool {
		return slices.ContainsFunc(sshPorts, func(p int) bool { return first <= p && p <= last })
	})
}

func (s *subject) ports(what string, bad func(first, last int) bool) []found {
	if s.image() == nil {
		return nil
	}
	var out []found
	for _, text := range slices.Sorted(slices.Values(s.image().ExposedPorts)) {
		port, protocol, _ := strings.Cut(text, "/")
		from, to, isRange := strings.Cut(port, "-")
		first, ok := number(from)
		last, ok2 := number(to)
		if !isRange {
			last, ok2 = first, true
		}
		if ok && ok2 && (protocol == "" || protocol == "tcp" || what != "port of SSH") && bad(first, last) {
			out = append(out, found{message: fmt.Sprintf("EXPOSE %s: %s", plain.Line(text, 20), what), subject: text, layer: -1})
		}
	}
	return out
}

// engineSockets are the sockets that give away the host, by file name.
var engineSockets = []string{"docker.sock", "containerd.sock", "podman.sock", "crio.sock"}

func dockerSocket(s *subject) []found {
	var out []found
	if image := s.image(); image != nil {
		for _, v := range slices.Sorted(slices.Values(image.Volumes)) {
			if slices.Contains(engineSockets, path.Base(v)) {
				out = append(out, found{message: fmt.Sprintf("VOLUME %s is an engine's socket", plain.Tail(v, pathWidth)), subject: v, layer: -1})
			}
		}
		for _, name := range slices.Sorted(maps.Keys(image.Labels)) {
			for _, socket := range engineSockets {
				if strings.Contains(image.Labels[name], "/"+socket) {
					out = append(out, found{message: fmt.Sprintf("label %s mounts %s", plain.Line(name, nameWidth), socket), subject: name, layer: -1})
					break
				}
			}
		}
	}
	var sockets []scan.FileFact
	for _, f := range s.files(scan.FileSocket) {
		if slices.Contains(engineSockets, path.Base(f.Path)) {
			sockets = append(sockets, f)
		}
	}
	for _, g := range s.byInstruction(sockets) {
		out = append(out, s.found(g, "is the socket of an engine", "are sockets of engines"))
	}
	return out
}
