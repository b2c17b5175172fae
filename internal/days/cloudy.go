package days

import (
	"math"
	"math/rand/v2"
)

// Cloudy is a day of a solar plant under moving clouds; its largest value is
// peak, W.
func Cloudy(seed uint64, peak float64) []float64 {
	r := source(seed)
	latitude, declination := between(r, 0, 1), between(r, -0.41, 0.41)
	latitude = math.Min(latitude, 1.15+declination) // a sun that rises by a good angle
	length := math.Exp(between(r, math.Log(20), math.Log(800)))

	day := make([]float64, Seconds)
	sky := newSky(r)
	plant := 1.0
	for t := range day {
		index := sky.second()
		plant += (index - plant) / (1 + length/sky.spell.wind)
		day[t] = clearSky(t, latitude, declination) * plant
	}
	return scale(day, peak)
}

// Limited is a cloudy day of a plant that may export a part of its power, a
// fifth to six tenths: the surplus is what is above that. Its largest value is
// peak, W.
func Limited(seed uint64, peak float64) []float64 {
	limit := between(source(seed^1<<63), 0.2, 0.6)
	day := Cloudy(seed, 1)
	for t, w := range day {
		day[t] = max(0, w-limit)
	}
	return scale(day, peak)
}

// clearSky is the horizontal irradiance in W/m² at second t of the solar day.
func clearSky(t int, latitude, declination float64) float64 {
	hour := 2 * math.Pi * (float64(t)/Seconds - 0.5)
	cos := math.Sin(latitude)*math.Sin(declination) + math.Cos(latitude)*math.Cos(declination)*math.Cos(hour)
	if cos <= 0 {
		return 0
	}
	return 1098 * cos * math.Exp(-0.059/cos)
}

// weather is what stays the same during a spell.
type weather struct {
	wind     float64 // m/s, at the height of the clouds
	cover    float64 // share of the sky, 0..1
	light    float64 // mean index under a cloud
	spread   float64 // of light from cloud to cloud
	longest  float64 // m, chord
	brighter float64 // index above 1 beside a cloud
	texture  float64 // standard deviation of the index within a cloud
}

func newWeather(r *rand.Rand) weather {
	w := weather{
		wind:     between(r, 2, 22),
		cover:    between(r, 0.05, 0.95),
		light:    between(r, 0.12, 0.7),
		spread:   between(r, 0.03, 0.2),
		longest:  math.Exp(between(r, math.Log(800), math.Log(30_000))),
		brighter: between(r, 0, 0.18),
		texture:  between(r, 0.01, 0.1),
	}
	switch p := r.Float64(); {
	case p < 0.12: // nearly clear
		w.cover = between(r, 0, 0.05)
	case p < 0.2: // overcast, with few holes
		w.cover, w.longest = between(r, 0.95, 0.995), 30_000
	}
	return w
}

const (
	shortest = 60.0 // m, chord of the smallest cloud that a plant notices
	slope    = 1.66 // of the density of chords
)

// chord draws from L^−slope between shortest and longest.
func chord(r *rand.Rand, longest float64) float64 {
	const k = 1 - slope
	a, b := math.Pow(shortest, k), math.Pow(longest, k)
	return math.Pow(a+(b-a)*r.Float64(), 1/k)
}

// meanChord is the mean of chord, m.
func meanChord(longest float64) float64 {
	const k, m = 1 - slope, 2 - slope
	return k / m * (math.Pow(longest, m) - math.Pow(shortest, m)) / (math.Pow(longest, k) - math.Pow(shortest, k))
}

// sky is the course of the clear-sky index over the plant.
type sky struct {
	r        *rand.Rand
	spell    weather
	left     float64 // s of the spell
	until    float64 // s of the cloud or gap
	overcast bool    // a cloud is over the plant
	target   float64 // index of the cloud or gap
	index    float64 // follows target over the width of an edge
	noise    float64 // texture, of unit variance
	mean     float64 // s, length of a spell
}

func newSky(r *rand.Rand) *sky {
	return &sky{r: r, index: 1, mean: Seconds / between(r, 1, 5)}
}

func (s *sky) second() float64 {
	if s.left--; s.left < 0 {
		s.left = s.mean * between(s.r, 0.5, 1.5)
		s.spell = newWeather(s.r)
	}
	if s.until--; s.until < 0 {
		s.turn()
	}
	const edge = 40.0 // m over which a cloud's rim thickens
	s.index += (s.target - s.index) / (1 + edge/s.spell.wind)
	memory := math.Exp(-s.spell.wind / 300) // the texture's length is 300 m
	s.noise = memory*s.noise + math.Sqrt(1-memory*memory)*s.r.NormFloat64()
	depth := 0.1
	if s.overcast {
		depth = 1
	}
	return max(0.02, s.index*(1+depth*s.spell.texture*s.noise))
}

// turn is the end of a cloud or of a gap.
func (s *sky) turn() {
	w := s.spell
	s.overcast = !s.overcast
	if s.overcast && w.cover > 0 {
		s.target = min(1, max(0.05, w.light+w.spread*s.r.NormFloat64()))
		s.until = chord(s.r, w.longest) / w.wind
		return
	}
	s.overcast = false
	s.target = 1 + w.brighter*w.cover*s.r.Float64()
	s.until = meanChord(w.longest) / w.wind * (1 - w.cover) / max(w.cover, 0.001) * s.r.ExpFloat64()
}
