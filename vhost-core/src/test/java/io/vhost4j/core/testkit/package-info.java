// SPDX-License-Identifier: BSD-3-Clause

/** What tests of all modules share: leak checks, allocation counters. */
@NullMarked
package io.vhost4j.core.testkit;

import org.jspecify.annotations.NullMarked;
