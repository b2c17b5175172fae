// Package simulate runs the decision core without a site: on recorded readings
// and a model of the fleet, or as a filter that another program's model drives.
// Nothing in it reads a clock or waits.
package simulate
