package demo

import (
	"math"
	"math/bits"
	"time"

	"github.com/curtaild/curtaild/energy"
)

// How days are played: the nights are left out, and an hour takes 20 s.
const (
	Speed     = 180 // times faster than the clock
	dawn      = 5 * time.Hour
	dusk      = 19*time.Hour + 30*time.Minute
	firstSeen = 6*time.Hour + 30*time.Minute // of the first day
)

// The plant, in the middle of April at 48° north.
const (
	latitude    = 48.0               // degrees
	declination = 10.0               // of the sun, degrees
	panels      = energy.Watts(48e3) // at 1,000 W/m²
	baseLoad    = energy.Watts(3500)
)

// Moment is a time of a played day.
type Moment struct {
	Day  int
	Time time.Duration // since midnight, by the sun
}

// Moment is the played time when so much real time has passed.
func (d Day) Moment(elapsed time.Duration) Moment {
	const day = dusk - dawn
	t := firstSeen - dawn + elapsed*Speed
	return Moment{Day: int(t / day), Time: dawn + t%day}
}

// Clock is the time of day as people write it: 07:05.
func (m Moment) Clock() string {
	return time.Time{}.Add(m.Time).Format("15:04")
}

// since is the played time from the dawn of the first day on, nights left out.
func (m Moment) since() time.Duration {
	return time.Duration(m.Day)*(dusk-dawn) + m.Time - dawn
}

// Sky is what the sun does at one moment, and what the site takes.
type Sky struct {
	Cover      float64 // share of the sky that clouds hide, 0 to 1
	Sun        float64 // W/m² on the ground, clouds taken off
	Generation energy.Watts
	Load       energy.Watts
}

// Day generates days, one after the other. It is a pure function of its seed.
//
// A clear sky gives, after Haurwitz (1945), with z the sun's angle from the
// zenith:
//
//	G = 1098 W/m² · cos z · exp(−0.057 / cos z)
//
// Clouds that hide the share n of the sky leave, after Kasten and Czeplak (1980),
// 1 − 0.75·n^3.4 of it. n is smooth noise of two scales: weather, over hours,
// and single clouds, within it.
type Day struct{ Seed uint64 }

// Sky is the sky at a moment.
func (d Day) Sky(m Moment) Sky {
	s := Sky{Cover: d.cover(m), Load: d.load(m)}
	s.Sun = clear(m.Time) * (1 - 0.75*math.Pow(s.Cover, 3.4))
	s.Generation = panels * energy.Watts(s.Sun/1000)
	return s
}

// clear is the sun on the ground under a clear sky, in W/m².
func clear(t time.Duration) float64 {
	const rad = math.Pi / 180
	hour := (t.Hours() - 12) * 15 * rad
	cosZ := math.Sin(latitude*rad)*math.Sin(declination*rad) + math.Cos(latitude*rad)*math.Cos(declination*rad)*math.Cos(hour)
	if cosZ <= 0 {
		return 0
	}
	return 1098 * cosZ * math.Exp(-0.057/cosZ)
}

// cover is the share of the sky that clouds hide. The first morning is clear:
// who has just started the demo has yet to see something happen.
func (d Day) cover(m Moment) float64 {
	t := m.since().Minutes()
	weather := noise(d.Seed, 1, t/210)
	single := noise(d.Seed, 2, t/55)
	n := 2.6*(0.55*weather+0.65*single) - 0.95
	if m.Day == 0 {
		n *= smooth((m.Time - 8*time.Hour).Hours())
	}
	return min(1, max(0, n))
}

// load is what the site takes without us: a base, a bump in the morning and
// one in the evening, and what is switched on and off.
func (d Day) load(m Moment) energy.Watts {
	bump := func(at, width float64) float64 {
		x := (m.Time.Hours() - at) / width
		return math.Exp(-x * x)
	}
	v := 1 + 0.5*bump(7.5, 1.2) + 0.7*bump(18, 1.8) + 0.35*noise(d.Seed, 3, m.since().Minutes()/40)
	return baseLoad * energy.Watts(v)
}

// noise is smooth, from 0 to 1, and different for each seed and channel:
// random values at whole x, joined by [smooth].
func noise(seed, channel uint64, x float64) float64 {
	i := math.Floor(x)
	at := func(i float64) float64 {
		return float64(mix(seed^bits.RotateLeft64(channel, 48)^uint64(int64(i)))>>11) / (1 << 53)
	}
	a, b := at(i), at(i+1)
	return a + (b-a)*smooth(x-i)
}

// smooth rises from 0 at 0 to 1 at 1, level at both ends.
func smooth(x float64) float64 {
	x = min(1, max(0, x))
	return x * x * (3 - 2*x)
}

// mix is the finalizer of splitmix64.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
