package store

import "github.com/curtaild/curtaild/energy"

// pending is what waits in memory to be made into blocks, by class.
type pending struct {
	chunks [classes][]chunk
	bytes  int
}

// chunk is the lines of one block to be.
type chunk struct {
	lines    []byte
	count    int
	min, max int64
}

func (p *pending) add(line []byte, m mark) {
	list := p.chunks[m.class]
	if len(list) == 0 || len(list[len(list)-1].lines) >= chunkSize {
		list = append(list, chunk{min: m.at, max: m.at})
		p.chunks[m.class] = list
	}
	c := &list[len(list)-1]
	c.lines = append(c.lines, line...)
	c.count++
	c.min, c.max = min(c.min, m.at), max(c.max, m.at)
	p.bytes += len(line)
}

// each calls f for every chunk, dearest class first.
func (p *pending) each(f func(energy.Class, *chunk)) {
	for class := range p.chunks {
		for i := range p.chunks[class] {
			f(energy.Class(class), &p.chunks[class][i])
		}
	}
}
