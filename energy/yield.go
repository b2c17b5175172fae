package energy

// PerTerahash is what 10^12 hashes are expected to bring, in the coin's
// smallest unit; 0: not known.
func (s *Status) PerTerahash() float64 { return s.PerHash * 1e12 }

// PerKWh is what a kWh is expected to bring, in the coin's smallest unit: as
// the load draws and hashes now, or, while it does not hash, at its highest
// operating point, of which the draw when off is left out. 0: not known.
func (s *Status) PerKWh() float64 {
	draw, rate := s.Draw, s.Rate
	if n := len(s.Points); rate == 0 && n > 1 {
		top := s.Points[n-1]
		draw, rate = top.Draw-s.Points[Off].Draw, top.Rate
	}
	if draw <= 0 {
		return 0
	}
	const joules = 3.6e6
	return s.PerHash * float64(rate) / float64(draw) * joules
}
