package secret

// cursor is how far one rule has come in a file. Behind a literal its automaton
// runs on until no match can be going on: that is as far as the expression must
// be tried.
type cursor struct {
	touched bool
	// ahead and behind are the rule's automata.
	ahead, behind *automaton
	state         stateID
	// pos is how far the automaton is, start where a match may have begun, last
	// where the last literal ended. Offsets are the file's.
	pos, start, last int64
	accepted         bool
	// always is set for a rule without literals, whose automaton looks at all of a
	// file that has a keyword of it; begun says that a match may be going on.
	always, begun bool
	// hard says that no match begins before start: the last one ended there.
	hard bool
	// windows are where matches are; they do not overlap.
	windows []window
}

type window struct {
	from, to int64
	hard     bool
}

func (c *cursor) reset() {
	*c = cursor{ahead: c.ahead, behind: c.behind, windows: c.windows[:0]}
}

// open says whether a match may be going on.
func (c *cursor) open() bool { return c.begun || !c.always && c.state != dead }

// needs returns the first byte that the cursor still needs, at most keep.
func (c *cursor) needs(keep int64) int64 {
	if c.open() {
		keep = min(keep, c.start-edge)
	}
	if len(c.windows) > 0 {
		keep = min(keep, c.windows[0].from-edge)
	}
	return keep
}

// close ends a stretch; it is worth trying if a match could end in it.
func (c *cursor) close(end int64) {
	if c.accepted {
		c.add(window{c.start, end, c.hard})
	}
	c.state, c.begun, c.accepted, c.hard = dead, false, false, false
}

func (c *cursor) add(w window) {
	if n := len(c.windows); n > 0 && w.from < c.windows[n-1].to {
		last := &c.windows[n-1]
		if from := min(last.from, w.from); w.to-from <= maxOpen {
			last.from, last.to = from, max(last.to, w.to)
			return
		}
		w.from, w.hard = last.to, true // a chain of them must end somewhere
		if w.from >= w.to {
			return
		}
	}
	c.windows = append(c.windows, w)
}

func (s *Scanner) touch(i int) *cursor {
	c := &s.cursors[i]
	if !c.touched {
		c.touched = true
		s.touched = append(s.touched, i)
	}
	return c
}

// cursor returns a rule's cursor, ready to run.
func (s *Scanner) cursor(i int) *cursor {
	c := s.touch(i)
	if c.ahead != nil {
		return c
	}
	r := s.rules[i]
	r.prepare()
	if r.branches == nil {
		c.ahead = newUnanchored(r.ahead, false, s.states)
		return c
	}
	c.ahead = newAutomaton(r.ahead, s.states)
	if r.behind != nil {
		c.behind = newAutomaton(r.behind, s.states)
	}
	return c
}

// follow begins to follow a branch behind its literal, buf[start:end].
func (s *Scanner) follow(u *use, start, end int) {
	c := s.cursor(u.rule)
	from, ok := s.back(c, u, start)
	if !ok {
		return
	}
	s.advance(c, end)
	if c.state == dead {
		c.start, c.pos = s.base+int64(from), s.base+int64(end)
	} else if !c.hard {
		c.start = min(c.start, s.base+int64(from))
	}
	c.last = s.base + int64(end)
	c.state = c.ahead.join(c.state, u.branch)
	c.accepted = c.accepted || c.ahead.accepting[c.state]
}

// back finds where a match with its literal at buf[start] can begin at the
// earliest.
func (s *Scanner) back(c *cursor, u *use, start int) (from int, ok bool) {
	a := c.behind
	if a == nil {
		return max(start-s.rules[u.rule].back, 0), true
	}
	state := a.join(dead, u.branch)
	for i := start; ; i-- {
		if a.accepting[state] {
			from, ok = i, true
		}
		if i == 0 {
			return from, ok
		}
		if state = a.step(state, s.buf[i-1]); state == dead {
			return from, ok
		}
	}
}

// advance runs the cursor's automaton up to buf[end].
func (s *Scanner) advance(c *cursor, end int) {
	if c.state == dead {
		return
	}
	a, state, accepted := c.ahead, c.state, c.accepted
	i := int(c.pos - s.base)
	for _, b := range s.buf[i:end] {
		t := a.next[int(state)*a.classes+int(a.class[b])]
		if t == unknown {
			t = a.step(state, b)
		}
		if state = t; state == dead {
			break
		}
		accepted = accepted || a.accepting[state]
		i++
	}
	c.state, c.accepted, c.pos = state, accepted, s.base+int64(i)
	if state == dead {
		c.close(c.pos)
	}
}

// runEverywhere runs the automaton of a rule without literals up to buf[end].
func (s *Scanner) runEverywhere(c *cursor, end int) {
	a := c.ahead
	if !c.begun {
		c.state = a.join(dead, 0)
	}
	for i := int(c.pos - s.base); i < end; i++ {
		c.state = a.step(c.state, s.buf[i])
		switch idle := a.idle[c.state]; {
		case idle && c.begun:
			c.close(s.base + int64(i) + 1)
			c.state = a.join(dead, 0)
		case !idle && !c.begun:
			c.begun, c.start = true, s.base+int64(i)
		}
		c.accepted = c.accepted || a.accepting[c.state] && c.begun
	}
	c.pos = s.base + int64(end)
}

// settleRule brings a rule up to what has been scanned and tries its expression where
// more of the file cannot change what is found.
func (s *Scanner) settleRule(i int) {
	c, end := &s.cursors[i], s.base+int64(s.scanned)
	switch {
	case !c.always:
		s.advance(c, s.scanned)
	case s.keywordSeen(s.rules[i]):
		s.runEverywhere(s.cursor(i), s.scanned)
	default:
		c.pos = end
	}
	if c.open() && s.eof {
		c.close(end)
	}
	// A later literal may open a window that reaches back into this one.
	margin := int64(max(lineContext, s.rules[i].back+maxLiteralLen))
	n := 0
	for ; n < len(c.windows) && (s.eof || c.windows[n].to+margin <= end); n++ {
		s.try(i, c.windows[n], end)
	}
	c.windows = append(c.windows[:0], c.windows[n:]...)
	if c.open() && end-c.start > maxOpen {
		s.split(i, c, end)
	}
}

// split tries the expression on a long stretch that goes on: what begins far
// enough from its end has been seen whole.
func (s *Scanner) split(i int, c *cursor, end int64) {
	from := end - maxMatch
	if c.accepted {
		last := s.try(i, window{c.start, end, c.hard}, from)
		if last > from {
			c.hard = true
		}
		from = max(from, last)
	}
	c.start = from
	if !c.always && c.last < end-maxMatch { // what is going on is longer than is looked for
		c.state, c.accepted, c.hard = dead, false, false
	}
}
