// Package explain says of everything in a report what the policy decided about
// it, by which rule and why. It reads decisions and makes none: see package
// policy for these.
package explain
