// Package days makes days of surplus power to try a controller on: cloudy days
// of a solar plant, what such a day has above an export limit, and days of
// dispatch orders that come and go in blocks. A day is 86,400 values of one
// second in W. The same seed gives the same day; two seeds give days that differ
// in kind, not in detail only.
//
// A cloudy day is a clear-sky curve times a clear-sky index:
//   - the clear sky is Haurwitz (1945): 1098·cos z·exp(−0.059/cos z) W/m², with the
//     zenith angle z from a latitude and a declination of the day;
//   - clouds and gaps take turns. The chord of a cloud over the plant has the
//     density L^−1.66 (Wood and Field 2011, "The distribution of cloud horizontal
//     sizes", J. Climate 24), and lasts L over the wind speed (Bright et al. 2015,
//     "Stochastic generation of synthetic minutely irradiance time series", Solar
//     Energy 115). Gaps are exponential, so long that the cover comes out;
//   - each cloud lets another part of the light through, with a texture that
//     is an Ornstein-Uhlenbeck process; the sky beside a cloud is brighter than
//     clear (Gueymard 2017, "Cloud and albedo enhancement", Solar Energy 153);
//   - the plant sees the mean over its area: a first-order low pass whose time
//     constant is its length over the wind speed (Marcos et al. 2011, "Power output
//     fluctuations in large scale PV plants", Energies 4);
//   - cover, wind, thickness and size of the clouds change with the spell of
//     weather; a day has one to five.
//
// A day of orders is a row of blocks, each with a power, a length and a gap
// after it, as the acceptances of a balancing market are: piecewise linear,
// with edges between steps and a ramp of two minutes, now and then changed while
// they run, with noise on top where the power is measured and not ordered.
package days

import "math/rand/v2"

// Seconds is the length of every day.
const Seconds = 86400

func source(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x64617973)) }

// between is uniform in [low, high).
func between(r *rand.Rand, low, high float64) float64 { return low + (high-low)*r.Float64() }

// scale makes the largest value peak.
func scale(day []float64, peak float64) []float64 {
	top := 0.0
	for _, w := range day {
		top = max(top, w)
	}
	if top == 0 {
		return day
	}
	for i := range day {
		day[i] *= peak / top
	}
	return day
}
