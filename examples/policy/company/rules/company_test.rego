package company_test

import data.company

owned := {"labels": {"com.example.team": "shop"}}

test_owner_is_asked_for if {
	some result in company.deny with input as {"image": {"labels": {}}, "packages": [], "findings": []}
	result.rule == "no-owner"
}

test_owner_is_enough if {
	count(company.deny) == 0 with input as {"image": owned, "packages": [], "findings": []}
}

test_remote_shell_is_refused_in_the_image_alone if {
	packages := [
		{"name": "telnetd", "version": "0.17", "path": "var/lib/dpkg/status", "stage": "final", "final": true, "layer": {}},
		{"name": "telnetd", "version": "0.17", "path": "var/lib/dpkg/status", "stage": "build", "final": false, "layer": {}},
	]
	found := company.deny with input as {"image": owned, "packages": packages, "findings": []}
	{result.stage | some result in found} == {"final"}
}

test_kernel_headers_are_ignored if {
	findings := [
		{"key": 0, "kind": "vulnerability", "package": "linux-libc-dev"},
		{"key": 1, "kind": "vulnerability", "package": "curl"},
	]
	found := company.ignore with input as {"image": owned, "packages": [], "findings": findings}
	{result.finding | some result in found} == {0}
}
