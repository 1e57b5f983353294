package files

import "testing"

func TestClassify(t *testing.T) {
	big := []byte(elfFile(3, false, 0))
	big[5], big[16], big[17] = 2, 0, 4
	farHeaders := []byte(elfFile(3, false, 0))
	farHeaders[39] = 0xff
	none := []byte(elfFile(3, false, 0))
	none[54], none[55] = 0, 0
	for name, tt := range map[string]struct {
		head []byte
		want content
	}{
		"empty":                          {nil, other},
		"short":                          {[]byte("\x7fELF"), other},
		"text":                           {make([]byte, 100), other},
		"fixed address":                  {[]byte(programFile), program},
		"any address":                    {[]byte(pieFile), program},
		"static for any address":         {[]byte(elfFile(3, false, 1)), program},
		"library":                        {[]byte(libraryFile), other},
		"object":                         {[]byte(elfFile(1, false, 1)), other},
		"core dump":                      {[]byte(coreFile), coreDump},
		"core dump, most significant":    {big, coreDump},
		"program headers out of sight":   {farHeaders, program},
		"program headers without a size": {none, other},
	} {
		if got := classify(tt.head); got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
}

func FuzzClassify(f *testing.F) {
	for _, s := range []string{programFile, pieFile, libraryFile, coreFile, "\x7fELF\x01\x02"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(_ *testing.T, head []byte) { classify(head) })
}
