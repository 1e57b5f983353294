package config

import "strings"

// Markdown returns the table of options for documentation.
func Markdown() string {
	var b strings.Builder
	b.WriteString("| `" + FileName + "` | `--build-arg` | flag | default | meaning |\n|---|---|---|---|---|\n")
	for _, o := range declared() {
		cells := []string{"–", "–", "–", "–", o.Help}
		if o.Roads&RoadFile != 0 {
			cells[0] = "`" + o.FileKey() + "`"
			if o.Key != "" {
				cells[0] = "`" + o.Name + "`, `" + o.Key + "`"
			}
		}
		if o.Roads&RoadBuildArg != 0 {
			cells[1] = "`" + o.BuildArg() + "`"
		}
		if o.Roads&RoadFlag != 0 {
			cells[2] = "`" + strings.TrimSpace(o.Flag()+" "+o.Value) + "`"
		}
		if o.Default != "" {
			cells[3] = "`" + o.Default + "`"
		}
		if like, ok := optionNamed(o.Like); ok {
			cells[3] = "as `" + like.FileKey() + "`"
		}
		b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
	}
	return b.String()
}
