package shop_test

import data.shop

finding(severity, age) := {
	"key": 7, "kind": "vulnerability", "final": true, "severity": severity, "age": age,
	"fix": {"state": "fixed", "versions": ["2.0"]},
}

build(branch, f) := {"build": {"branch": branch}, "findings": [f]}

test_overdue_blocks_a_release if {
	some result in shop.deny with input as build("release/1.2", finding("low", 91))
	result.finding == 7
	result.message == "its fix has been there for 91 days, and this is a release"
}

test_overdue_passes_elsewhere if {
	count(shop.deny) == 0 with input as build("main", finding("low", 91))
}

test_recent_fix_passes if {
	count(shop.deny) == 0 with input as build("release/1.2", finding("medium", 90))
}

test_negligible_passes if {
	count(shop.deny) == 0 with input as build("release/1.2", finding("negligible", 400))
}
