# What every image of the company has, and what none may have.
package company

# METADATA
# title: no-owner
# description: The image does not say which team to call.
deny contains {
	"rule": "no-owner",
	"message": "the image does not say whom to call: add LABEL com.example.team=…",
	"helpURL": "https://wiki.example.com/images#owner",
} if {
	not input.image.labels["com.example.team"]
}

# METADATA
# title: remote-shell
# description: A package of the image lets people log in from elsewhere.
deny contains result if {
	some p in input.packages
	p.final
	p.name in remote_shells
	result := {
		"rule": "remote-shell", "stage": p.stage, "package": p.name, "version": p.version, "path": p.path, "layer": p.layer,
		"message": sprintf("%s has no place in an image", [p.name]),
	}
}

remote_shells := {"dropbear-bin", "inetutils-telnetd", "openssh-server", "rsh-server", "telnetd"}

# METADATA
# title: kernel-headers
# description: A vulnerability of the kernel, found by its headers.
ignore contains {"rule": "kernel-headers", "finding": f.key, "message": "these are headers, and containers run the host's kernel"} if {
	some f in input.findings
	f.kind == "vulnerability"
	f.package == "linux-libc-dev"
}
