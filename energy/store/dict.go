package store

// dictID names the dictionary below in each block. A block says which one it
// was packed with, so a changed dictionary needs a new number, and the old one
// must stay to read what it packed.
const dictID = 0xc0de1

// dict is what blocks are packed against: text that every log holds, so that
// a block of a few records packs nearly as well as one of a thousand. The
// likeliest text stands last.
const dict = `spool_gap,cause=size,class=telemetry,site= dropped=1i,unread=0i,from="2026-01-01T00:00:00Z",to="` +
	`meta,site= schema=1i,version="",config_sha="",tz="Europe/Berlin",currency="EUR" ` +
	`missed_interval,len=15m,reason=no-budget,site= wh= ` +
	`use_interval,group=,len=15m,policy=,site= absorbed_wh=,avoided_curtailment_wh=,displaced_export_wh=,battery_wh=0,imported_wh=0,` +
	`import_grid_wh=0,import_min_on_wh=0,import_stale_wh=0,import_tracking_wh=0,unattributed_wh=0,hashes=1e+18,starts=0i ` +
	`site_interval,len=15m,site= import_wh=,export_wh=,generation_wh=,site_load_wh=,flexible_wh=,curtailed_wh=,unabsorbed_wh=,` +
	`covered_s=900,measured_frac=1,revision=1i,final=true ` +
	`signal,kind=limit,site=,source=,state=accepted id="",revision=1i,asked_w=,measured_w=,baseline_w=,latency_s= ` +
	`decision,rig=,site= policy="",reason="surplus",from_w=0,to_w=,plan=1i ` +
	`no-surplus start-delay stop-delay no-policy signal-limit signal-stop import-limit hold-off unreachable ` +
	`site,site= grid_w=-,generation_w=,load_w=,curtailed_w=0,battery_w=0,soc_pct=,import_price=,export_price=,carbon_g_kwh=,` +
	`available_w=,export_limit_w=,granted_w=,flexible_w=,quality="good" 17` +
	`rig,family=bitaxe,group=,model=,rig=,site= power_w=,power_src="estimated",setpoint_w=,state="idle" ` +
	`rig,family=luxos,group=,model=Antminer\ S19,rig=,site= power_w=,power_src="measured",setpoint_w=,hashrate_hs=1e+14,energy_wh_total=,` +
	`hashes_total=1e+20,accepted_total=i,rejected_total=0i,temp_c=,state="running",policy="" 17`
