# What analyzers of the user's found: malware, weaknesses in source code, whatever
# they look for. Their severities count as those of vulnerabilities do.
package scan.analyzers

import data.scan.severity

# METADATA
# title: analyzer
# description: The severity that the analyzer gives is at or above the block threshold of where it found something.
deny contains {"rule": "analyzer", "finding": f.key, "message": f.message} if {
	some f in input.findings
	f.kind == "external"
	severity.rank[f.severity] >= severity.rank[input.options.thresholds[f.group].block]
}

# METADATA
# title: analyzer
# description: It is at or above the warn threshold.
warn contains {"rule": "analyzer", "finding": f.key, "message": f.message} if {
	some f in input.findings
	f.kind == "external"
	severity.rank[f.severity] >= severity.rank[input.options.thresholds[f.group].warn]
}

# METADATA
# title: analyzer
# description: It is at or above the log threshold.
info contains {"rule": "analyzer", "finding": f.key, "message": f.message} if {
	some f in input.findings
	f.kind == "external"
	severity.rank[f.severity] >= severity.rank[input.options.thresholds[f.group].log]
}
