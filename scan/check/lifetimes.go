package check

import "strings"

// The runtimes of which lifetimes are known, as people call them.
const (
	nodejs = "Node.js"
	python = "Python"
	golang = "Go"
	ruby   = "Ruby"
	php    = "PHP"
	java   = "Java"
)

// lifetimes are the days on which versions of runtimes stop being maintained, as
// https://endoflife.date has them (MIT licence), on the day lifetimesDate. Days
// after that one are plans. Java's are those of Eclipse Temurin for versions with
// long support and the release of the next version for the others; no vendor
// maintains an earlier one.
var lifetimes = map[string]string{
	nodejs: `4 2018-04-30, 5 2016-06-30, 6 2019-04-30, 7 2017-06-30, 8 2019-12-31, 9 2018-06-30, 10 2021-04-30,
		11 2019-06-30, 12 2022-04-30, 13 2020-06-01, 14 2023-04-30, 15 2021-06-01, 16 2023-09-11, 17 2022-06-01,
		18 2025-04-30, 19 2023-06-01, 20 2026-04-30, 21 2024-06-01, 22 2027-04-30, 23 2025-06-01, 24 2028-04-30,
		25 2026-06-01, 26 2029-04-30`,
	python: `2.6 2013-10-29, 2.7 2020-01-01, 3.0 2009-06-27, 3.1 2012-04-09, 3.2 2016-02-20, 3.3 2017-09-29,
		3.4 2019-03-18, 3.5 2020-09-30, 3.6 2021-12-23, 3.7 2023-06-27, 3.8 2024-10-07, 3.9 2025-10-31,
		3.10 2026-10-31, 3.11 2027-10-31, 3.12 2028-10-31, 3.13 2029-10-31, 3.14 2030-10-31`,
	golang: `1.10 2019-02-25, 1.11 2019-09-03, 1.12 2020-02-25, 1.13 2020-08-11, 1.14 2021-02-16, 1.15 2021-08-16,
		1.16 2022-03-15, 1.17 2022-08-02, 1.18 2023-02-01, 1.19 2023-09-06, 1.20 2024-02-06, 1.21 2024-08-13,
		1.22 2025-02-11, 1.23 2025-08-12, 1.24 2026-02-10, 1.25 2026-08-19`,
	ruby: `2.1 2017-03-31, 2.2 2018-03-31, 2.3 2019-03-31, 2.4 2020-03-31, 2.5 2021-03-31, 2.6 2022-03-31,
		2.7 2023-03-31, 3.0 2024-04-23, 3.1 2025-03-26, 3.2 2026-03-31, 3.3 2027-03-31, 3.4 2028-03-31, 4.0 2029-03-31`,
	php: `5.0 2005-09-05, 5.1 2006-08-24, 5.2 2011-01-06, 5.3 2014-08-14, 5.4 2015-09-14, 5.5 2016-07-21,
		5.6 2018-12-31, 7.0 2019-01-10, 7.1 2019-12-01, 7.2 2020-11-30, 7.3 2021-12-06, 7.4 2022-11-28, 8.0 2023-11-26,
		8.1 2025-12-31, 8.2 2026-12-31, 8.3 2027-12-31, 8.4 2028-12-31, 8.5 2029-12-31`,
	java: `9 2018-03-20, 10 2018-09-25, 12 2019-09-17, 13 2020-03-17, 14 2020-09-16, 15 2021-03-16, 16 2021-09-30,
		18 2022-09-30, 19 2023-03-31, 20 2023-09-19, 22 2024-09-17, 23 2025-03-18, 24 2025-09-16,
		8 2030-12-31, 11 2027-10-31, 17 2027-10-31, 21 2029-12-31, 25 2031-09-30`,
}

// lifetimesDate is the state of the source that lifetimes were taken from.
const lifetimesDate = "2026-08-22"

// runtimeEnd returns the day on which a version stops being maintained.
func runtimeEnd(name, version string) (string, bool) {
	for _, entry := range strings.Split(lifetimes[name], ",") {
		if f := strings.Fields(entry); len(f) == 2 && f[0] == version {
			return f[1], true
		}
	}
	return "", false
}

// cycle is the part of a version by which a runtime is maintained: the major one
// of Node.js and Java, the first two of the others.
func cycle(name, version string) string {
	major, _, _ := strings.Cut(version, ".")
	if name == nodejs || name == java {
		return major
	}
	return version
}
