package extract

// dataExtensions are those of files that are never executables: the walk then
// needs no look at the file itself. The list follows scalibr's
// unlikelyExecutableExtensions, with what node_modules and site-packages hold
// most of.
var dataExtensions = set(
	".c", ".cc", ".cjs", ".conf", ".cpp", ".css", ".csv", ".cts", ".cxx", ".d", ".dat", ".eot", ".flow",
	".gif", ".gz", ".h", ".hh", ".hpp", ".htm", ".html", ".hxx", ".ico", ".idx", ".inc", ".info", ".ini",
	".ipynb", ".jpeg", ".jpg", ".js", ".json", ".jsx", ".list", ".lock", ".log", ".map", ".markdown", ".md",
	".md5sums", ".mjs", ".mo", ".mp3", ".mp4", ".mts", ".otf", ".patch", ".pdf", ".pem", ".php", ".pl", ".pm",
	".png", ".po", ".proto", ".ps1", ".py", ".pyc", ".pyi", ".rb", ".rst", ".scss", ".sh", ".bash", ".sql",
	".svg", ".sum", ".tar", ".tcl", ".tmpl", ".toml", ".ts", ".tsx", ".ttf", ".txt", ".vue", ".wasm", ".webp",
	".whl", ".woff", ".woff2", ".xml", ".xz", ".yaml", ".yml", ".zip", ".go", ".rs", ".java", ".class", ".awk",
	".less", ".sass", ".styl", ".coffee", ".hbs", ".ejs", ".pug", ".snap", ".editorconfig", ".npmignore",
	".gitignore", ".eslintrc", ".service", ".symbols", ".shlibs", ".triggers", ".templates", ".a", ".o",
)

func set(values ...string) map[string]bool {
	m := make(map[string]bool, len(values))
	for _, v := range values {
		m[v] = true
	}
	return m
}

// dpkgSideFiles are what lies beside the package records in status.d.
var dpkgSideFiles = set(
	".md5sums", ".list", ".conffiles", ".preinst", ".postinst", ".prerm", ".postrm", ".triggers", ".shlibs", ".symbols",
	".templates", ".config",
)
