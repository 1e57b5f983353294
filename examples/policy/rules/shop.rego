# What the shop asks of itself.
package shop

import data.scan.severity

# METADATA
# title: overdue
# description: On a release branch, a fix has been there for 90 days, whatever the severity.
deny contains result if {
	startswith(input.build.branch, "release/")
	some f in input.findings
	f.kind == "vulnerability"
	f.final
	f.fix.state == "fixed"
	f.age > 90
	severity.rank[f.severity] >= severity.rank.low
	result := {"rule": "overdue", "finding": f.key, "message": sprintf("its fix has been there for %d days, and this is a release", [f.age])}
}
