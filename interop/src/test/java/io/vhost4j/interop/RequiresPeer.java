// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The peers without which a test cannot run. Where one is missing the test is skipped and says which; with the environment
 * variable {@code VHOST4J_REQUIRE_PEERS=1} it fails.
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(PeerCondition.class)
public @interface RequiresPeer {
    /** All of these must be usable; whichever is not is named in the reason. */
    Peer[] value();
}
