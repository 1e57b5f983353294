# The order of severities. A threshold "none" has no rank, so nothing reaches it.
package scan.severity

rank := {"unknown": 0, "negligible": 1, "low": 2, "medium": 3, "high": 4, "critical": 5}
