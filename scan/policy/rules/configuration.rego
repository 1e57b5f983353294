# Configuration findings: of the image's configuration, its files and its
# Dockerfile. Each does what checks.rules says of it, else what its severity does.
package scan.configuration

import data.scan.severity

# METADATA
# title: check
# description: The check is set to block, or its severity is at or above checks.fail-on and it is about the image.
deny contains {"rule": "check", "finding": f.key, "message": f.message} if {
	some f in input.findings
	f.kind == "misconfiguration"
	blocks(f)
}

# METADATA
# title: check
# description: The check is set to warn, or its severity is at or above checks.warn and it is about the image.
warn contains {"rule": "check", "finding": f.key, "message": f.message} if {
	some f in input.findings
	f.kind == "misconfiguration"
	warns(f)
}

# METADATA
# title: check
# description: The severity of what the check found is at or above checks.log.
info contains {"rule": "check", "finding": f.key, "message": f.message} if {
	some f in input.findings
	f.kind == "misconfiguration"
	severity.rank[f.severity] >= severity.rank[input.options.checks.log]
}

# METADATA
# title: check-off
# description: The check is switched off.
ignore contains {"rule": "check-off", "finding": f.key, "message": "checks.rules switches it off"} if {
	some f in input.findings
	f.effect == "off"
}

blocks(f) if f.effect == "block"

blocks(f) if {
	not f.effect
	f.final
	severity.rank[f.severity] >= severity.rank[input.options.checks.block]
}

warns(f) if f.effect == "warn"

warns(f) if {
	not f.effect
	f.final
	severity.rank[f.severity] >= severity.rank[input.options.checks.warn]
}
