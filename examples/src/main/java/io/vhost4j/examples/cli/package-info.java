// SPDX-License-Identifier: BSD-3-Clause

/** What the commands share: output, JSON lines, tables, stopping, checks of options. */
@NullMarked
package io.vhost4j.examples.cli;

import org.jspecify.annotations.NullMarked;
