package secret

// Files is the set for files that hold credentials by their name.
func Files() Set { return Set{Name: "files"} }

func judge(rule, path string) string { return "" }
