# What somebody has looked at and accepted: exceptions of the options file, and
# statements about exploitability (VEX).
package scan.exceptions

# METADATA
# title: exception
# description: >-
#   An exception of the options file accepts the finding until its last day, and
#   for seven days more with a warning.
ignore contains result if {
	some f in input.findings
	f.exception
	result := {
		"rule": "exception", "finding": f.key, "message": f.exception.reason,
		"policy": f.exception.policy, "expires": f.exception.expires,
	}
}

# METADATA
# title: vex
# description: A VEX document says that the image is not affected, or that it has the fix already.
ignore contains result if {
	some f in input.findings
	f.vex.status in {"not_affected", "fixed"}
	result := {"rule": "vex", "finding": f.key, "message": f.vex.reason, "policy": f.vex.document}
}
