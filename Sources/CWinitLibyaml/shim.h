// libyaml, whose events the spec reader takes. (https://pyyaml.org/wiki/LibYAML)
#include <yaml.h>
