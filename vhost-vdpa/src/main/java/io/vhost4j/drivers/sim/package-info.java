// SPDX-License-Identifier: BSD-3-Clause

/** vDPA devices that are programs, for tests and demonstrations, with faults on demand. */
@NullMarked
package io.vhost4j.drivers.sim;

import org.jspecify.annotations.NullMarked;
