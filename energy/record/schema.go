package record

import "github.com/curtaild/curtaild/energy"

// SchemaVersion is written in meta. Names and types of one version never
// change.
const SchemaVersion = 1

// Measurement is what points of one name hold.
type Measurement struct {
	Name   string
	Class  energy.Class
	Tags   []Column
	Fields []Column
}

// Column is one tag or field of a measurement.
type Column struct {
	Name    string
	Type    string // tag, float, int, text or bool
	Unit    string
	Meaning string
}

// Schema lists every measurement with all its tags and fields.
// docs/records.md says the same to people; tests hold both to what is written.
func Schema() []Measurement {
	return []Measurement{metaSchema(), siteSchema(), rigSchema(), poolSchema(), decisionSchema(), signalSchema(), siteIntervalSchema(), useIntervalSchema()}
}

func metaSchema() Measurement {
	return Measurement{"meta", energy.Audit, []Column{siteTag()}, []Column{
		{"schema", "int", "", "version of this schema"},
		{"version", "text", "", "version of curtaild"},
		{"config_sha", "text", "", "SHA-256 of the config in force"},
		{"tz", "text", "", "time zone of the site's calendar"},
		{"currency", "text", "", "currency of all prices"},
	}}
}

func siteSchema() Measurement {
	return Measurement{"site", energy.Telemetry, []Column{siteTag()}, []Column{
		{"grid_w", "float", "W", "power at the point of connection, import positive"},
		{"generation_w", "float", "W", "what the plant makes"},
		{"load_w", "float", "W", "what the site draws, as its meter has it"},
		{"available_w", "float", "W", "what our loads may draw without import"},
		{"curtailed_w", "float", "W", "what the plant holds back"},
		{"battery_w", "float", "W", "battery power, charging positive"},
		{"soc_pct", "float", "%", "charge of the battery"},
		{"export_limit_w", "float", "W", "the most that may leave the site"},
		{"granted_w", "float", "W", "what policies, floors and holds have given out"},
		{"flexible_w", "float", "W", "what our loads draw, with fans and pumps"},
		{"import_price", "float", "1/MWh", "price of import, in the currency of meta"},
		{"export_price", "float", "1/MWh", "price of export, in the currency of meta"},
		{"carbon_g_kwh", "float", "g/kWh", "carbon of import"},
		{"quality", "text", "", "good, or stale when the available power is not known"},
	}}
}

func rigSchema() Measurement {
	return Measurement{"rig", energy.Telemetry, []Column{siteTag(), rigTag(), groupTag(),
		{"family", "tag", "", "driver family; local for the hashing workers of this machine"},
		{"model", "tag", "", "model that the device reports"},
	}, []Column{
		{"power_w", "float", "W", "draw"},
		{"power_src", "text", "", "where the draw comes from: measured, estimated or nameplate"},
		{"setpoint_w", "float", "W", "draw of the operating point it was last told to take"},
		{"hashrate_hs", "float", "H/s", "hash rate; absent while it does not answer"},
		{"energy_wh_total", "float", "Wh", "energy since first seen; never falls"},
		{"hashes_total", "float", "H", "hashes since first seen; never falls"},
		{"accepted_total", "int", "1", "accepted shares since first seen"},
		{"rejected_total", "int", "1", "rejected shares since first seen"},
		{"yield_sat_th", "float", "1/TH", "what hashes are expected to bring by the work itself, in the coin's smallest unit; absent where it is not known"},
		{"yield_sat_kwh", "float", "1/kWh", "the same for energy: as it draws now, or at the highest operating point while it does not hash"},
		{"yield_sat_total", "float", "1", "what all hashes since first seen were expected to bring; never falls"},
		{"temp_c", "float", "°C", "hottest sensor"},
		{"state", "text", "", "what it is doing"},
		{"policy", "text", "", "policy of the set-point in force"},
	}}
}

func poolSchema() Measurement {
	return Measurement{"pool", energy.Telemetry, []Column{siteTag(), rigTag(),
		{"pool", "tag", "", "the pool's host and port"},
	}, []Column{
		{"in_use", "bool", "", "whether the load works for it"},
		{"accepted", "int", "1", "accepted shares since the config in force was taken up"},
		{"rejected", "int", "1", "rejected shares since then"},
		{"stale", "int", "1", "of those, shares of a job that was over"},
		{"unsent", "int", "1", "shares that were found and not sent"},
		{"unanswered", "int", "1", "shares whose session ended before the answer"},
		{"faults", "int", "1", "lost sessions and whatever else went wrong"},
		{"answer_p50_s", "float", "s", "how long the last shares waited for their answer, median; absent before the first"},
		{"answer_p95_s", "float", "s", "the same, 95th percentile"},
	}}
}

func decisionSchema() Measurement {
	return Measurement{"decision", energy.Audit, []Column{siteTag(), rigTag()}, []Column{
		{"policy", "text", "", "policy that granted it"},
		{"reason", "text", "", "why, see reasons.md"},
		{"from_w", "float", "W", "draw of the operating point before"},
		{"to_w", "float", "W", "draw of the operating point decided on"},
		{"plan", "int", "1", "number of the plan"},
	}}
}

func signalSchema() Measurement {
	return Measurement{"signal", energy.Settlement, []Column{siteTag(),
		{"source", "tag", "", "who sent it"},
		{"kind", "tag", "", "limit, stop, release or cancel"},
		{"state", "tag", "", "the state that it entered"},
	}, []Column{
		{"id", "text", "", "the signal's id"},
		{"revision", "int", "1", "the signal's revision"},
		{"reason", "text", "", "why it was refused or failed"},
		{"asked_w", "float", "W", "what it asks for"},
		{"measured_w", "float", "W", "what was measured where it binds"},
		{"baseline_w", "float", "W", "mean of the 15 minutes before receipt"},
		{"delivered_w", "float", "W", "baseline less measured"},
		{"latency_s", "float", "s", "from start to achievement"},
	}}
}

func siteIntervalSchema() Measurement {
	return Measurement{"site_interval", energy.Settlement, []Column{siteTag(), lenTag()}, []Column{
		{"import_wh", "float", "Wh", "imported at the point of connection"},
		{"export_wh", "float", "Wh", "exported at the point of connection"},
		{"generation_wh", "float", "Wh", "made by the plant"},
		{"site_load_wh", "float", "Wh", "drawn by the site, as its meter has it"},
		{"flexible_wh", "float", "Wh", "drawn by our loads, with fans and pumps"},
		{"curtailed_wh", "float", "Wh", "still held back by the plant, after us"},
		{"unabsorbed_wh", "float", "Wh", "available, but not drawn by us"},
		{"covered_s", "float", "s", "how much of the interval the balance was known for"},
		{"measured_frac", "float", "1", "share of flexible_wh that meters or rigs measured; the rest is estimated"},
		{"revision", "int", "1", "how often the interval had been written before"},
		{"final", "bool", "", "false while the interval still runs"},
	}}
}

func useIntervalSchema() Measurement {
	return Measurement{"use_interval", energy.Settlement, []Column{siteTag(), lenTag(),
		{"policy", "tag", "", "policy of the set-point in force; none for what is drawn without one"},
		groupTag(),
	}, []Column{
		{"absorbed_wh", "float", "Wh", "surplus that was used"},
		{"avoided_curtailment_wh", "float", "Wh", "of the absorbed, what the export limit would have thrown away; with an export limit only"},
		{"displaced_export_wh", "float", "Wh", "of the absorbed, what would have been exported"},
		{"battery_wh", "float", "Wh", "taken out of the battery"},
		{"imported_wh", "float", "Wh", "bought: the sum of the import fields below"},
		{"import_grid_wh", "float", "Wh", "bought for policies with a fixed power"},
		{"import_min_on_wh", "float", "Wh", "bought because a load has to stay on"},
		{"import_stale_wh", "float", "Wh", "bought while inputs were stale and loads were kept"},
		{"import_tracking_wh", "float", "Wh", "bought because loads follow the surplus with a lag"},
		{"unattributed_wh", "float", "Wh", "drawn while the balance was not known, or by nobody watched"},
		{"hashes", "float", "H", "hashes done"},
		{"starts", "int", "1", "starts from off"},
	}}
}

func siteTag() Column { return Column{"site", "tag", "", "name of the site"} }
func rigTag() Column  { return Column{"rig", "tag", "", "name of the load"} }
func groupTag() Column {
	return Column{"group", "tag", "", "group of the load; left out where it has none"}
}
func lenTag() Column {
	return Column{"len", "tag", "", "length of the interval: 1m, 5m, 15m, 30m or 60m"}
}
