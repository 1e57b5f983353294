package lowest

import (
	"cmp"
	"math/rand/v2"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

func TestWhatIsKeptDoesNotDependOnTheOrder(t *testing.T) {
	want := []int{0, 1, 2, 3, 4, 5, 6}
	for seed := range uint64(50) {
		l := List[int]{Limit: len(want), Compare: cmp.Compare[int]}
		for _, v := range rand.New(rand.NewPCG(seed, 0)).Perm(100) {
			l.Add(v)
		}
		if diff := gocmp.Diff(want, l.All()); diff != "" || l.Dropped() != 93 || l.Total() != 100 {
			t.Fatalf("kept %v of %d, dropped %d", l.All(), l.Total(), l.Dropped())
		}
	}
}

func TestFewValuesAreAllKept(t *testing.T) {
	l := List[int]{Limit: 3, Compare: cmp.Compare[int]}
	l.Add(2)
	l.Add(1)
	if diff := gocmp.Diff([]int{1, 2}, l.All()); diff != "" || l.Dropped() != 0 {
		t.Errorf("%s, dropped %d", diff, l.Dropped())
	}
}

func TestAMapCountsForItsLowestKeys(t *testing.T) {
	for seed := range uint64(50) {
		m := Map[int, int]{Limit: 5, Compare: cmp.Compare[int]}
		for _, v := range rand.New(rand.NewPCG(seed, 0)).Perm(90) {
			if n := m.At(v % 30); n != nil {
				*n++
			}
		}
		var keys []int
		for k, n := range m.All {
			if keys = append(keys, k); *n != 3 {
				t.Fatalf("%d was seen %d times", k, *n)
			}
		}
		if diff := gocmp.Diff([]int{0, 1, 2, 3, 4}, keys); diff != "" || !m.Full() {
			t.Fatal(diff)
		}
	}
}
