# The version is that of package.json, which the tests ran with.
FROM node:24.21.0-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# No dependency of a running controller needs its install scripts.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24.21.0-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json LICENSE ./
COPY weights weights
COPY bin bin
COPY src src
# A number, so that runAsNonRoot can be checked. Nothing of /app is this user's, and nothing is written.
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["node", "/app/bin/ipa.mjs"]
CMD ["--help"]
