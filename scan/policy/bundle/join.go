package bundle

import "github.com/scan-build/scan-build/scan/config"

// join puts options above the policies that their file extends: a child may be
// stricter, and looser only where its policies allow it.
func join(parents []config.Values, child ...config.Values) (config.Values, error) {
	return config.Chain(parents, child...)
}

// splitName takes apart how options name a file: the policy that it is in, empty
// for the project, and its name or pattern there.
func splitName(entry string) (policy, name string) { return config.SplitName(entry) }

// nameSeparator stands between the two.
const nameSeparator = "!"
