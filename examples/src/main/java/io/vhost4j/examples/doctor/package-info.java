// SPDX-License-Identifier: BSD-3-Clause

/** The {@code doctor} command: what this machine has. */
@NullMarked
package io.vhost4j.examples.doctor;

import org.jspecify.annotations.NullMarked;
