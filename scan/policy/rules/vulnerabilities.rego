# Vulnerabilities: what each does by its severity, where it is, how long it has
# been known and whether it is being exploited.
package scan.vulnerabilities

import data.scan.severity

# METADATA
# title: known-exploited
# description: CISA's catalogue lists the vulnerability as exploited. Severity, fix and grace do not matter.
deny contains result if {
	input.options.kev == "block"
	some f in input.findings
	f.kev
	f.final
	result := {"rule": "known-exploited", "finding": f.key, "message": exploited(f.kev)}
}

warn contains result if {
	input.options.kev == "warn"
	some f in input.findings
	f.kev
	f.final
	result := {"rule": "known-exploited", "finding": f.key, "message": exploited(f.kev)}
}

exploited(kev) := sprintf("it is known to be exploited, to be mended by %s (CISA)", [kev.dueDate]) if kev.dueDate

else := "it is known to be exploited (CISA)"

# METADATA
# title: epss
# description: The probability of exploitation within 30 days (EPSS) is at or above the option epss.
deny contains result if {
	limit := input.options.epss
	some f in input.findings
	f.epss.score >= limit
	f.final
	message := sprintf("it is exploited within 30 days with a probability of %v %%, the limit is %v %%", [round(f.epss.score * 1000) / 10, round(limit * 1000) / 10])
	result := {"rule": "epss", "finding": f.key, "message": message}
}

# METADATA
# title: severity
# description: >-
#   The severity is at or above the block threshold of where the package is: what the
#   Dockerfile added to the image, the base image, or other stages. With only-fixed a
#   finding without a fix does not count.
deny contains result if {
	some key, threshold in reaching
	not postponed[key]
	f := input.findings[key]
	result := {"rule": "severity", "finding": key, "message": sprintf("%s is at or above %s", [f.severity, threshold])}
}

# METADATA
# title: grace
# description: It would block, but the grace period of its severity is not over yet.
warn contains result if {
	some key, last in postponed
	result := {
		"rule": "grace", "finding": key, "expires": last,
		"message": sprintf("it blocks after %s, the grace period of %v days", [last, input.options.grace.days[input.findings[key].severity]]),
	}
}

# METADATA
# title: severity
# description: The severity is at or above the warn threshold of where the package is.
warn contains {"rule": "severity", "finding": f.key} if {
	some f in input.findings
	f.kind == "vulnerability"
	severity.rank[f.severity] >= severity.rank[input.options.thresholds[f.group].warn]
}

# METADATA
# title: severity
# description: The severity is at or above the log threshold of where the package is.
info contains {"rule": "severity", "finding": f.key} if {
	some f in input.findings
	f.kind == "vulnerability"
	severity.rank[f.severity] >= severity.rank[input.options.thresholds[f.group].log]
}

# reaching maps the findings at or above the block threshold of their place to it.
reaching := {f.key: threshold |
	some f in input.findings
	f.kind == "vulnerability"
	threshold := input.options.thresholds[f.group].block
	severity.rank[f.severity] >= severity.rank[threshold]
	counts(f.fix.state)
}

counts("fixed")

counts(_) if not input.options.onlyFixed

# postponed maps the findings whose grace period is not over to its last day.
postponed := {key: last |
	some key, _ in reaching
	f := input.findings[key]
	days := input.options.grace.days[f.severity]
	f.age < days
	last := time.format([time.add_date(time.parse_rfc3339_ns(sprintf("%sT00:00:00Z", [f.since])), 0, 0, days - 1), "UTC", "2006-01-02"])
}
