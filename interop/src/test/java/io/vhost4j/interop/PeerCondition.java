// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.interop;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/** Skips or fails a test whose {@link RequiresPeer peers} are missing, and names their versions otherwise. */
final class PeerCondition implements ExecutionCondition, BeforeAllCallback, BeforeEachCallback {
    private static final boolean REQUIRED = "1".equals(System.getenv(Peers.REQUIRE));

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        List<String> missing = missing(context);
        return missing.isEmpty() || REQUIRED
                ? ConditionEvaluationResult.enabled("peers are present or required")
                : ConditionEvaluationResult.disabled(String.join("; ", missing));
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        requirePeers(context);
        peers(context).forEach(peer -> System.out.println(context.getDisplayName() + ": peer " + Peers.version(peer)));
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        requirePeers(context);
    }

    private static void requirePeers(ExtensionContext context) {
        List<String> missing = missing(context);
        if (!missing.isEmpty()) {
            throw new AssertionError(Peers.REQUIRE + "=1, but " + String.join("; ", missing));
        }
    }

    private static List<String> missing(ExtensionContext context) {
        return peers(context).map(Peers::whyMissing).flatMap(Optional::stream).toList();
    }

    private static Stream<Peer> peers(ExtensionContext context) {
        return context
                .getElement()
                .flatMap(element -> AnnotationSupport.findAnnotation(element, RequiresPeer.class))
                .stream()
                .flatMap(annotation -> Stream.of(annotation.value()));
    }
}
