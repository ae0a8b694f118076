// libyaml (https://pyyaml.org/wiki/LibYAML). The spec reader reads its events.
#include <yaml.h>
