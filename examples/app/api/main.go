// Command api greets people in their language.
package main

import (
	"fmt"
	"log"
	"net/http"

	"golang.org/x/text/language"
)

var greetings = map[language.Tag]string{
	language.English: "Hello",
	language.German:  "Guten Tag",
	language.French:  "Bonjour",
}

func main() {
	supported := []language.Tag{language.English, language.German, language.French}
	matcher := language.NewMatcher(supported)
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		wanted, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
		if err != nil {
			http.Error(w, "bad Accept-Language", http.StatusBadRequest)
			return
		}
		_, i, _ := matcher.Match(wanted...)
		fmt.Fprintln(w, greetings[supported[i]])
	})
	log.Fatal(http.ListenAndServe(":8080", nil)) //nolint:gosec // an example
}
