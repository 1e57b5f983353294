package check

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/scan-build/scan-build/scan"
	"github.com/scan-build/scan-build/scan/internal/plain"
)

const dockerUser = "https://docs.docker.com/build/building/best-practices/#user"

// leastPrivilege are the controls that ask for no more rights than needed.
var leastPrivilege = []string{
	"cis-docker/4.1", "nist-800-190/4.1.2", "pci-dss/2.2.6", "pci-dss/7.2.5", "hipaa/164.312(a)(1)",
	"soc2/CC6.1", "soc2/CC6.3", "fedramp/AC-6", "fedramp/CM-6",
}

func userChecks() []Check {
	return []Check{
		{
			ID: "root-user", Severity: scan.SeverityMedium, Title: "The image says that it runs as root",
			Description: "USER names root, the id 0, or an account whose id is 0. Whoever breaks out of the program is root in the container, and root on the host if the container has a hole.",
			Remedy:      "Create an account and name it, or a numeric id, in the last USER instruction.",
			References:  []string{dockerUser},
			Controls:    leastPrivilege, Keywords: []string{"user"}, Looks: "the USER of the image's configuration",
			needs: needImage, find: rootUser,
		},
		{
			ID: "no-user", Severity: scan.SeverityMedium, Title: "The image names no user, so it runs as root",
			Description: "Neither the Dockerfile nor the base image has a USER instruction. A container runs as root unless whoever starts it says otherwise.",
			Remedy:      "Add USER with an account or a numeric id other than 0 at the end of the Dockerfile.",
			References:  []string{dockerUser},
			Controls:    leastPrivilege, Keywords: []string{"user"}, Looks: "the USER of the image's configuration",
			needs: needImage, find: noUser,
		},
	}
}

func noUser(s *subject) []found {
	if s.image() == nil || s.image().User != "" {
		return nil
	}
	return []found{{message: "the image's configuration has no user: containers run as root", layer: -1}}
}

func rootUser(s *subject) []found {
	if s.image() == nil || s.image().User == "" {
		return nil
	}
	user := plain.Line(s.image().User, nameWidth)
	name, _, _ := strings.Cut(s.image().User, ":")
	id, numeric := number(name)
	switch {
	case name == "root", numeric && id == 0:
		return []found{{message: fmt.Sprintf("USER %s is root", user), subject: s.image().User, layer: -1}}
	case !numeric && s.stage.Accounts != nil:
		if id, ok := s.stage.Accounts.Names[name]; ok && id == 0 {
			return []found{{message: fmt.Sprintf("USER %s has the id 0 in /etc/passwd, which is root's", user), subject: s.image().User, layer: -1}}
		}
	}
	return nil
}

func number(s string) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil
}

// configuredIDs are the numeric user and group that the image runs as, -1 for
// one that is not known.
func (s *subject) configuredIDs() (uid, gid int) {
	uid, gid = -1, -1
	if s.image() == nil {
		return uid, gid
	}
	user, group, _ := strings.Cut(s.image().User, ":")
	if n, ok := number(user); ok {
		uid = n
	}
	if n, ok := number(group); ok {
		gid = n
	}
	return uid, gid
}
