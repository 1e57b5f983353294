package secret

import "strings"

// pairBytes are the bytes that pairCommonness tells apart, in its order: letters
// of either case, what stands in names and assignments, 0 for any digit; all
// others come last.
const pairBytes = "abcdefghijklmnopqrstuvwxyz_-.\"= 0"

// pairCommonness says how common pairs of bytes are, on a logarithmic scale (two
// steps from '0' to 'z' are twice as common): counted over 200 MB of JavaScript,
// Go and Perl sources and a Debian system's texts. It decides where words are
// looked for, not what is found.
var pairCommonness = [...]string{
	"qkomjhldlcjonnglgonpkhihiebbgc8kdb", // 'a'
	"leheledcjiajedjefhgcjbddjbb9gc3gdb", // 'b'
	"ogigmffmidkkheoeckgnhfbffchagd9jed", // 'c'
	"kggkofeclabgfdjfehifideff9gehj8nec", // 'd'
	"ninnjkkdicdlmogjjqpoejimiaifkmcqef", // 'e'
	"kffgikb9m98ifgldaihhkabae9ddec6mda", // 'f'
	"jgfdmeehkabhdijeaijhhdbacdgbhf8kbb", // 'g'
	"ldednaa9lb9ddcjbageifaa7b9c9fd7j8a", // 'h'
	"ljmlkmledcdmkqojbknnbicg8ha9ce6g9a", // 'i'
	"dcbbh88a9a8aa8e9a8g9ca979a33d71b65", // 'j'
	"iedblbfag89bcdca9agbd9a799c8db5h9a", // 'k'
	"lfgjoedbn9cmdemecdkklecbibfche9k8b", // 'l'
	"nkdhocbajabeifll9chfida9bddbec4i9a", // 'm'
	"mfmmnjnbkbghfjmhaenpjha8fadfhj8o8d", // 'n'
	"jjlmflhaibillpjm8ojkmjjbcbecfc6l9a", // 'o'
	"mehgocdei7fkfcmj9mjljcbafafagf5ia9", // 'p'
	"gdbaa8b8b7bab799babck9a9a9929a7f86", // 'q'
	"nekhqhkbn8ghjmnecmmmlgdai8gcih8ncc", // 'r'
	"khkfoeekmahhgeljdhlpkdfekbhelkaocd", // 's'
	"nfjgpgdpo9bhgfnkanmkmdfenbifkjcofe", // 't'
	"hijglhg8l99ljmcianlmaaaiad75b85f96", // 'u'
	"meffmdbbi9adecggdcfeccdccbh6ic3fc7", // 'v'
	"jddchcagj8bcbfgbahgabdcba9a7ca6h97", // 'w'
	"ihhfhgdahc8cdcdkaedjdcadaadcec4jia", // 'x'
	"fedceab9d8adigfn8ejhaaddbccbff6kaa", // 'y'
	"dbbai7a9d67adce889ca99ccab77992b95", // 'z'
	"gegfffech8ceffeg8ghhefca7dg1a62de6", // '_'
	"ddededc9d98ddbbe5cfdbaa7482h565gc5", // '-'
	"jgighhgehdbgghii8hjjfedb88e4kb4iec", // '.'
	"hfhhgfeeibbijhggbilkfgba56bbdg7h8h", // '"'
	"74558754622567751779452432355cjo87", // '='
	"omnlmnjjoehllmnmdnnpllklifiieqnxjj", // ' '
	"deddde97867887688788896i77cbfc3hgb", // '0'
	"badacba7d489bdaa7cdc9c7b64659ccl7c", // '?'
}

// commonness of the first two bytes of a word in lower case.
func commonness(w string) byte { return pairCommonness[pairIndex(w[0])][pairIndex(w[1])] }

func pairIndex(b byte) int {
	if '0' <= b && b <= '9' {
		b = '0'
	}
	if i := strings.IndexByte(pairBytes, b); i >= 0 {
		return i
	}
	return len(pairBytes)
}
