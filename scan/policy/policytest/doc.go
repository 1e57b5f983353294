// Package policytest runs the tests that people write for their policies: rules
// test_… in Rego, and reports with the verdict that is expected of them. It reads
// no files and decides nothing itself: package policy does.
package policytest
