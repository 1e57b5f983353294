package plugin

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
)

// tagServer is a registry's list of tags, page after page for ever if end is 0.
func tagServer(t *testing.T, perPage, end int) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v2/" {
			return
		}
		if r.URL.Path != "/v2/team/app/tags/list" {
			http.NotFound(w, r)
			return
		}
		page, _ := strconv.Atoi(r.URL.Query().Get("page"))
		var tags []string
		for i := range perPage {
			tags = append(tags, fmt.Sprintf(`"1.%d"`, page*perPage+i))
		}
		if page+1 != end {
			w.Header().Set("Link", fmt.Sprintf(`</v2/team/app/tags/list?page=%d>; rel="next"`, page+1))
		}
		fmt.Fprintf(w, `{"name": "team/app", "tags": [%s]}`, strings.Join(tags, ","))
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://") + "/team/app"
}

func TestTagsOfAllPagesAreListed(t *testing.T) {
	tags, err := listTags(t.Context(), tagServer(t, 10, 3))
	if err != nil || len(tags) != 30 || tags[29] != "1.29" {
		t.Errorf("got %d tags, %v", len(tags), err)
	}
}

func TestEndlessListIsCut(t *testing.T) {
	for name, perPage := range map[string]int{"of small pages": 1, "of large pages": 10_000} {
		t.Run(name, func(t *testing.T) {
			tags, err := listTags(t.Context(), tagServer(t, perPage, 0))
			if err != nil || len(tags) > maxTags || len(tags) < maxTagPages {
				t.Errorf("got %d tags, %v", len(tags), err)
			}
		})
	}
}

func TestListThatCannotBeHadIsAnError(t *testing.T) {
	repository := tagServer(t, 1, 1)
	for name, image := range map[string]string{"no such repository": repository + "/other", "no repository": "%", "no registry": "127.0.0.1:1/a"} {
		t.Run(name, func(t *testing.T) {
			if tags, err := listTags(t.Context(), image); err == nil {
				t.Errorf("got %q", tags)
			}
		})
	}
}
